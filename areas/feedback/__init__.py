"""Feedback: through which weights a derivative goes back along synapses; one file per kind."""

from areas.feedback.feedback import Feedback as Feedback
from areas.feedback.fixed_random import RandomFeedback as RandomFeedback
from areas.feedback.given import GivenFeedback as GivenFeedback
from areas.feedback.learnt import LearntFeedback as LearntFeedback
from areas.feedback.sign_concordant import SignConcordantFeedback as SignConcordantFeedback
from areas.feedback.symmetric import SymmetricFeedback as SymmetricFeedback
