"""A trained network as plain data: operations on arrays, without torch.

`tssd.lowering.lower` makes one of a network; runtimes and file formats begin here.
"""

from tssd.graph.file import read_graph, write_graph
from tssd.graph.graph import INPUT, Graph
from tssd.graph.node import Node

__all__ = ["INPUT", "Graph", "Node", "read_graph", "write_graph"]
