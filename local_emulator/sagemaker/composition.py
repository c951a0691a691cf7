"""SageMaker put together, for the AWS emulator."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.clients import EndpointClients
from local_emulator.aws.execution.warden import Warden
from local_emulator.aws.front.control_plane import moto_account_of
from local_emulator.aws.moto_patches import sagemaker as moto_sagemaker
from local_emulator.sagemaker.components import Components
from local_emulator.sagemaker.fleet import Launcher
from local_emulator.sagemaker.front.component_lane import ComponentLane
from local_emulator.sagemaker.front.control_lane import ControlLane
from local_emulator.sagemaker.front.runtime_lane import RuntimeLane
from local_emulator.sagemaker.images import Images
from local_emulator.sagemaker.moto_services import EmulatorNotices, EmulatorObjects, logs_of
from local_emulator.sagemaker.runtime import IDLE_S, SageMaker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local_emulator.aws.control_plane.log_sink import MotoLogSink
    from local_emulator.aws.front.lanes import Lane
    from local_emulator.aws.moto_patches.patching import Patch
    from local_emulator.sagemaker.contracts import Place
    from local_emulator.sagemaker.images import RootFileSystem

_REGION, _ACCOUNT = "us-east-1", "123456789012"  # of the client for S3, whose buckets any may read here


class SageMakerParts:
    """What serves, the lanes that lead to it, and the patch of moto that starts it. `root` is for its folders."""

    def __init__(
        self,
        root: Path,
        endpoint_url: str,
        sink: MotoLogSink,
        *,
        images: Mapping[str, RootFileSystem] | None = None,
        idle_s: float = IDLE_S,
    ) -> None:
        self._root = root
        self._warden: Warden | None = None
        self._starting = Lock()
        self._clients = EndpointClients(lambda: endpoint_url)
        objects = EmulatorObjects(lambda: self._clients.client("s3", _REGION, _ACCOUNT))
        notices = EmulatorNotices(lambda region, account: self._clients.client("sns", region, account))
        launcher = Launcher(root, Images(images), objects, self._watch, _environment(endpoint_url))

        def write(place: Place, group: str, stream: str, lines: bytes, timestamp_ms: int) -> None:
            sink.write_to((place.account_id, place.region), group, stream, lines, timestamp_ms)

        self.sagemaker = SageMaker(launcher, objects, logs_of(write), notices, idle_s=idle_s)
        self.patches: tuple[Patch, ...] = (moto_sagemaker.patch(self.sagemaker),)
        components = Components(self.sagemaker, _backend)
        self.lanes: tuple[Lane, ...] = (
            RuntimeLane(self.sagemaker, components, moto_account_of),
            ComponentLane(components, moto_account_of),
            ControlLane(self.sagemaker, _backend, moto_account_of),
        )

    def _watch(self) -> Warden:
        """Who ends all containers when this process is gone: a process that only those need who start containers."""
        with self._starting:
            if self._warden is None:
                self._root.mkdir(parents=True, exist_ok=True)
                self._warden = Warden(self._root)
            return self._warden

    def close(self) -> None:
        """Stop every container and remove its folder."""
        self.sagemaker.close()
        if self._warden is not None:
            self._warden.close()
        self._clients.close()


def _environment(endpoint_url: str) -> dict[str, str]:
    """What every container has, as on SageMaker; AWS's clients in it speak to the emulator."""
    return {
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "emulator",
        "AWS_SECRET_ACCESS_KEY": "emulator",
    }


def _backend(place: Place) -> Any:
    from moto.sagemaker.models import sagemaker_backends  # moto takes half a second to import

    return sagemaker_backends[place.account_id][place.region]
