"""What the server that forks dry runs imports first: it ends with its parent.

By itself it would look only when it has imported the rest, torch too, which takes seconds.
"""

from tssd.processes import follow_starter

follow_starter()
