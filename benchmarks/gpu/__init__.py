"""Everything that one hour, or nine minutes, of a CUDA machine can tell: `make gpu`."""
