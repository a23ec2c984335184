from .analysis import Analysis as Analysis
from .analysis import Evidence as Evidence
from .analysis import Illustration as Illustration
from .analysis import Section as Section
from .analysis import require_responses as require_responses
from .expectation import Expectation as Expectation
from .sequences import Sequences as Sequences
from .straightening import Straightening as Straightening
