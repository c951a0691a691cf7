"""What answers for one variant: a process that is there all the time, or one that is started on demand.

A process that dies is started again, as SageMaker does; requests meanwhile get the errors that clients get there.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from local_emulator.sagemaker import model_data
from local_emulator.sagemaker.errors import CannotServe, NotReady, Throttled
from local_emulator.sagemaker.process import Launch, ServingProcess
from local_emulator.sagemaker.several import LoadedModels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_emulator.aws.execution.warden import Warden
    from local_emulator.sagemaker.contracts import Clock, ContainerSpec, Objects, VariantSpec
    from local_emulator.sagemaker.images import Images

_WATCH_S = 0.2
_DRAIN_S = 60.0


class Launcher:
    """Starts processes for containers, each over a folder of its own below `root`."""

    def __init__(
        self,
        root: Path,
        images: Images,
        objects: Objects,
        warden: Callable[[], Warden],
        common: Mapping[str, str],
    ) -> None:
        self._root = root
        self._images = images
        self._objects = objects
        self._warden = warden
        self._common = common  # environment that every container has

    def prepared(self, spec: ContainerSpec) -> Path:
        """A new folder with the container's model in `model`; CannotServe when the model isn't to be had."""
        self._root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="container-", dir=self._root.resolve()))
        (folder / "model").mkdir()
        try:
            if not spec.several:
                model_data.unpack(self._objects, spec.model_data, folder / "model")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder

    def start(
        self, spec: ContainerSpec, folder: Path, extra: Mapping[str, str], logged: Callable[[bytes], None]
    ) -> ServingProcess:
        """Start the container's program over a prepared folder."""
        program = self._images.program(spec.image, folder / "model")
        environment = {**self._common, **spec.environment, **extra}
        if spec.several:
            environment |= {"SAGEMAKER_MULTI_MODEL": "true", "ONEHANDLER_MODELS_ROOT": program.inside}
        return ServingProcess(Launch(program, environment, folder, logged), self._warden())

    def fetch(self, uri: str, folder: Path) -> None:
        """One more model, into a folder. Raises CannotServe when it isn't to be had."""
        folder.mkdir(parents=True, exist_ok=True)
        model_data.unpack(self._objects, uri, folder)

    def inside(self, spec: ContainerSpec, folder: Path) -> str:
        """Where the container itself finds its folder `model`."""
        return self._images.program(spec.image, folder / "model").inside


class Fleet:
    """The processes of one variant: one, which is enough to show what a client sees.

    A serverless variant's is started by the first request and stopped after `idle_s` seconds without any.
    """

    def __init__(
        self,
        spec: VariantSpec,
        launcher: Launcher,
        logged: Callable[[bytes], None],
        *,
        clock: Clock,
        idle_s: float,
    ) -> None:
        self.spec = spec
        self._launcher = launcher
        self._logged = logged
        self._clock = clock
        self._idle_s = idle_s
        self._folder: Path | None = None
        self._process: ServingProcess | None = None
        self._starting = threading.Lock()
        self._change = threading.Condition()
        self._under_way = 0
        self.models = LoadedModels(self, launcher)
        self._last = clock()
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="sagemaker-fleet", daemon=True)

    def begin(self) -> None:
        """Start, and return when it is ready. Raises CannotServe."""
        if self.spec.problem:
            raise CannotServe(self.spec.problem)
        self._folder = self._launcher.prepared(self.spec.container)
        self._started()
        self._watcher.start()

    @property
    def folder(self) -> Path:
        """The container's folder, with `model` in it."""
        assert self._folder is not None, "it has begun"
        return self._folder

    def enter(self) -> bool:
        """Begin a request, which `leave` ends; False when the fleet takes no more. Raises Throttled."""
        with self._change:
            if self._ended.is_set():
                return False
            serverless = self.spec.serverless
            if serverless and self._under_way >= serverless.concurrency:
                raise Throttled("Rate exceeded: as many requests as MaxConcurrency allows are under way")
            self._under_way += 1
            self._last = self._clock()
            return True

    def leave(self) -> None:
        """End a request."""
        with self._change:
            self._under_way -= 1
            self._last = self._clock()
            self._change.notify_all()

    def process(self) -> ServingProcess:
        """The process, for a request that has entered. NotReady while it is started again."""
        process = self._process
        if process is not None and process.runs:
            return process
        if self.spec.serverless is None:
            raise NotReady("the container has ended and is being started again")
        return self._started()

    def end(self, drain: float = _DRAIN_S) -> None:
        """Take nothing more, let requests under way finish, stop."""
        with self._change:
            self._ended.set()
            self._change.wait_for(lambda: not self._under_way, drain)
        with self._starting:
            process, self._process = self._process, None
        if process is not None:
            process.stop()
        if self._watcher.is_alive():
            self._watcher.join(5)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _started(self) -> ServingProcess:
        """Start the process unless somebody else has meanwhile."""
        with self._starting:
            if self._process is not None and self._process.runs:
                return self._process
            process = self._launcher.start(self.spec.container, self.folder, {}, self._logged)
            try:
                process.wait_ready(self.spec.startup_s)
            except CannotServe:
                process.stop(0)
                raise
            self._process = process
            return process

    def _watch(self) -> None:
        while not self._ended.wait(_WATCH_S):
            process = self._process
            if process is None:
                continue
            if not process.runs and self.spec.serverless is None:
                self._start_again(process)
            elif self.spec.serverless is not None:
                self._sleep_when_idle()

    def _start_again(self, dead: ServingProcess) -> None:
        dead.stop(0)
        try:
            self._started()
        except (CannotServe, NotReady) as error:
            self._logged(f"the container cannot be started again: {error.message}".encode())

    def _sleep_when_idle(self) -> None:
        # Under one lock: a request that enters afterwards must find no process, and not one about to be stopped.
        with self._starting, self._change:
            if self._under_way or self._clock() - self._last <= self._idle_s:
                return
            process, self._process = self._process, None
        if process is not None:
            process.stop()
