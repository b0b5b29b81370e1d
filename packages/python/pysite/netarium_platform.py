"""Programs find themselves on Linux, whose system calls they make: this build of CPython calls its platform otherwise."""

import os
import sys
import sysconfig

# What a machine cannot do: a copy of a running interpreter. Programs ask for it by the name.
MISSING = ("fork", "forkpty")


def adapt():
    # It is found by the platform's name.
    sysconfig.get_config_vars()
    sys.platform = "linux"
    for name in MISSING:
        if hasattr(os, name):
            delattr(os, name)
            os.__all__.remove(name)
