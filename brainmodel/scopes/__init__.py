"""Scopes: how far a learning signal travels in space."""

from brainmodel.scopes.adjacent import Adjacent as Adjacent
from brainmodel.scopes.end_to_end import Global as Global
from brainmodel.scopes.local import Local as Local
from brainmodel.scopes.scope import ActivityDerivatives as ActivityDerivatives
from brainmodel.scopes.scope import Passage as Passage
from brainmodel.scopes.scope import Scope as Scope
