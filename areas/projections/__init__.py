"""What can be said of the synapses of a group: which exist, their signs, how they begin, what
makes their weights."""

from areas.projections.beginnings import Alike as Alike
from areas.projections.beginnings import Beginning as Beginning
from areas.projections.beginnings import LogNormal as LogNormal
from areas.projections.beginnings import SpectralRadius as SpectralRadius
from areas.projections.connectivity import AllToAll as AllToAll
from areas.projections.connectivity import Connectivity as Connectivity
from areas.projections.connectivity import FromMatrix as FromMatrix
from areas.projections.connectivity import Near as Near
from areas.projections.connectivity import NoAutapses as NoAutapses
from areas.projections.connectivity import OneToOne as OneToOne
from areas.projections.connectivity import Sparse as Sparse
from areas.projections.hypernetwork import Hypernetwork as Hypernetwork
from areas.projections.making import LowRank as LowRank
from areas.projections.making import PrePost as PrePost
from areas.projections.making import Tied as Tied
from areas.projections.projection import Block as Block
from areas.projections.projection import Projection as Projection
