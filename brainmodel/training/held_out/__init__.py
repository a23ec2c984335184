"""What is predicted of held-out streams, beside what needs no brain: errors and their table."""

from brainmodel.training.held_out.ahead import Ahead as Ahead
from brainmodel.training.held_out.ahead import errors_ahead as errors_ahead
from brainmodel.training.held_out.comparison import compare as compare
from brainmodel.training.held_out.comparison import held_out_errors as held_out_errors
from brainmodel.training.held_out.error_table import ahead_table as ahead_table
from brainmodel.training.held_out.error_table import error_table as error_table
from brainmodel.training.held_out.errors import HeldOut as HeldOut
from brainmodel.training.held_out.errors import Sums as Sums
from brainmodel.training.held_out.errors import follow_streams as follow_streams
from brainmodel.training.held_out.errors import predicting as predicting
from brainmodel.training.held_out.errors import squared_errors as squared_errors
from brainmodel.training.held_out.linear_predictor import STEPS as STEPS
from brainmodel.training.held_out.linear_predictor import LinearPredictor as LinearPredictor
from brainmodel.training.held_out.linear_predictor import fit_linear as fit_linear
from brainmodel.training.held_out.tally import ALL as ALL
from brainmodel.training.held_out.tally import BRAIN as BRAIN
from brainmodel.training.held_out.tally import LINEAR as LINEAR
from brainmodel.training.held_out.tally import REPEATING as REPEATING
from brainmodel.training.held_out.tally import Tally as Tally
from brainmodel.training.held_out.term_sums import TermSums as TermSums
