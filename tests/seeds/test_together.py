"""Seeds trained together become what each becomes alone: weights, states and losses."""

import pytest

from areas import LSTM
from brainmodel.learning import BPTT
from brainmodel.scopes import Adjacent, Global, Local
from tests import toy
from tests.seeds.training import adam, require_same, sgd


@pytest.mark.parametrize("optimizer", [sgd, adam])
@pytest.mark.parametrize("maps", [False, True], ids=["dense", "maps"])
@pytest.mark.parametrize("scope", [Local, Adjacent, Global])
def test_seeds_together_are_what_they_are_alone(scope, maps, optimizer) -> None:
    require_same(lambda: toy.ladder(lambda name: BPTT(), scope(), maps=maps), optimizer)
