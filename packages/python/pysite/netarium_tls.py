"""TLS: this build of CPython has none, and every way to it says so in one line, as an error of ssl's own."""

import ssl


def adapt():
    ssl.SSLContext.wrap_socket = _refuse
    ssl.SSLContext.wrap_bio = _refuse


def _refuse(*args, **kwargs):
    raise ssl.SSLError(
        ssl.SSL_ERROR_SSL, "TLS is not built into the machines' Python yet: use http://, or a socket without ssl"
    )
