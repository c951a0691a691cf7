"""moto's own web application behind our server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.aws.front.wsgi import WsgiBridge

if TYPE_CHECKING:
    from local_emulator.aws.front.wsgi import Environ
    from local_emulator.http.messages import RequestHead


def moto_control_plane(port: int) -> WsgiBridge:
    """Build the bridge to moto. `port` is the one that moto puts into the URLs it gives out."""
    # Here, not above: Flask and moto take half a second to import, and lanes are tested without them.
    from moto.core.request import (
        PRESERVED_HEADER_NAMES_ENVIRON_KEY,
        environ_key_for_header,
        should_preserve_original_header_name,
    )
    from moto.moto_server import werkzeug_app

    def keep_names(head: RequestHead, environ: Environ) -> None:
        """Hand over `x-amz-meta-` names with underscores the way moto's own server does."""
        names: dict[str, str] = {}
        for name, value in head.headers:
            if should_preserve_original_header_name(name):
                key = environ_key_for_header(name)
                if key in environ and key not in names:
                    continue  # the field with a hyphen is there; the other must not pose as it
                environ[key] = f"{environ[key]},{value}" if key in names else value
                names.setdefault(key, name)
        environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = names

    # moto would allow every origin on every service; ours are decided by the guard and by S3's own CORS.
    werkzeug_app.DISABLE_GLOBAL_CORS = True
    application = werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)
    return WsgiBridge(application, port, keep_names)


def moto_account_of(access_key: str) -> str:
    """Give the account that an access key belongs to; moto's default account for a key it did not make."""
    from moto.iam.models import get_account_id_from

    account: str = get_account_id_from(access_key)
    return account
