"""The paper's tables and figures: what each consists of, and our numbers beside the paper's."""
