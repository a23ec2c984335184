from .sampling import PerStep as PerStep
from .sampling import PerStimulus as PerStimulus
from .sampling import Sampling as Sampling
from .score_row import Row as Row
from .score_table import require_scorable as require_scorable
from .score_table import score_models as score_models
from .score_table import score_table as score_table
from .scoring import Scoring as Scoring
