from .eye import follow_gaze as follow_gaze
from .eye import to_eye as to_eye
from .model_activity import model_inputs as model_inputs
from .model_activity import picture_input as picture_input
from .model_activity import record_model as record_model
from .presentation import Gaze as Gaze
from .presentation import Presentation as Presentation
from .source import Source as Source
