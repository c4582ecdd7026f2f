"""A training loop that resumes exactly where it stopped, including the data."""

import logging
from typing import Any

from mmagic.registry import DATASETS, LOOPS
from mmengine.dist import broadcast, get_dist_info
from mmengine.hooks import LoggerHook, ParamSchedulerHook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.runner import IterBasedTrainLoop, Runner
from mmengine.runner.base_loop import BaseLoop
from mmengine.runner.loops import _InfiniteDataloaderIterator
from mmengine.runner.utils import calc_dynamic_intervals
from torch import nn
from torch.utils.data import DataLoader

from ..models.blocks.fast.allocator import keep_freed_memory
from ..models.data_mismatch import explained_mismatch
from .agreement import of_main_process
from .finite_loss import FiniteLossHook
from .random_state import preserved_random_state
from .resume_state import ResumeStateHook
from .sample_stream import PositionSampler, SampleStream
from .time_budget import POSITION, SECONDS, SPENT_BUDGET, TimeBudget, TimeScheduleHook
from .training_record import TrainingRecordHook
from .work_dir_lock import locked_work_dir

SHUFFLING = ('InfiniteSampler', 'DefaultSampler')


@LOOPS.register_module()
class ResumableIterBasedTrainLoop(IterBasedTrainLoop):
    """Iteration-based training that, killed and resumed, ends with the weights of an uninterrupted run.

    On resume, upstream's loop loads every batch of the finished iterations again to skip them, and the random numbers
    of the transforms depend on the process that loads the data. Here the samples form a ``SampleStream``, which a
    resumed training starts at the right position; validation and the start of workers leave the random generators of
    the training unchanged; and ``ResumeStateHook`` restores them. On CPU the weights are then equal bit by bit, with
    any number of workers.

    It replaces ``IterBasedTrainLoop`` in any config, ``train_cfg=dict(type='ResumableIterBasedTrainLoop')``.
    Validations are logged by their iteration, regardless of the arguments of ``LoggerHook``. A second training in the
    same work directory raises an error.

    A dataloader whose sampler is not ``InfiniteSampler`` or ``DefaultSampler`` keeps its own sampler, with a warning:
    its data cannot be resumed.

    Args:
        runner: The runner.
        dataloader: Dataloader config.
        max_iters: As in upstream's loop.
        val_begin: First iteration at which validation may happen.
        val_interval: Iterations between validations.
        dynamic_intervals: Other intervals from given iterations on.
        max_minutes: Train for this many minutes instead of ``max_iters``, from the first iteration to the end of the
            last validation, including those before a resume. ``max_iters`` is then the length of the schedules of the
            config: after a quarter of the time, learning rates and validations are where they would be after a quarter
            of ``max_iters``. Intermediate validations are skipped if they would take more than a fifth of the time. A
            resumed training is then no longer equal bit by bit. Default None.
        accept_changes: Resume a checkpoint of a different config, or begin beside one; see ``TrainingRecordHook``.

    Raises:
        ValueError: If ``max_iters`` or ``max_minutes`` is out of range.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: dict | DataLoader,
        max_iters: int,
        val_begin: int = 1,
        val_interval: int = 1000,
        dynamic_intervals: list[tuple[int, int]] | None = None,
        max_minutes: float | None = None,
        accept_changes: bool = False,
    ) -> None:
        if max_iters != int(max_iters) or max_iters < 1:
            raise ValueError(f'max_iters must be an integer of at least 1, but got {max_iters}')
        self.budget = None if max_minutes is None else TimeBudget(60 * max_minutes, int(max_iters))
        # Not the parent's: it starts the workers here, before the start position of the data is known.
        BaseLoop.__init__(self, runner, _as_stream(dataloader) if isinstance(dataloader, dict) else dataloader)
        self._max_iters = int(max_iters)
        self._max_epochs = 1
        self._epoch = 0
        self._iter = 0
        self.val_begin = val_begin
        self.val_interval = val_interval
        self.stop_training = False
        self._validations_due = 0
        self.dynamic_milestones, self.dynamic_intervals = calc_dynamic_intervals(val_interval, dynamic_intervals)
        if hasattr(self.dataloader.dataset, 'metainfo'):
            runner.visualizer.dataset_meta = self.dataloader.dataset.metainfo
        self.resumable = isinstance(self.dataloader.dataset, SampleStream)
        if not self.resumable:
            print_log(
                f'Data of {type(self.dataloader.sampler).__name__} cannot be resumed; after --resume they restart',
                logger='current',
                level=logging.WARNING,
            )
        self.resume_state = ResumeStateHook()
        runner.register_hook(self.resume_state)
        runner.register_hook(TrainingRecordHook(accept_changes))
        if not any(isinstance(hook, FiniteLossHook) for hook in runner.hooks):
            runner.register_hook(FiniteLossHook())
        if self.budget is not None:
            runner._hooks[:] = [hook for hook in runner.hooks if not isinstance(hook, ParamSchedulerHook)]
            runner.register_hook(TimeScheduleHook(self.budget))
        for hook in runner.hooks:
            if isinstance(hook, LoggerHook):
                # There is one epoch: by epoch, all validations of a curve would be at 0.
                hook.log_metric_by_epoch = False

    def run(self) -> Any:
        """Train from the current iteration to the last and return the model.

        Raises:
            ValueError: If another training is running in the work directory, or the network does not fit the data.
        """
        keep_freed_memory()
        with locked_work_dir(self.runner.work_dir), explained_mismatch(self.runner.model):
            return self._run()

    def _run(self) -> nn.Module:
        if self.budget is not None:
            self._resume_budget()
        if self._iter < self._max_iters:
            # Starting workers draws random numbers; this must not affect the training.
            with preserved_random_state():
                self.dataloader_iterator = self._start_data()
        else:
            print_log(
                f'The checkpoint is at iteration {self._iter} of {self._max_iters}: training is complete.',
                logger='current',
            )
        self.runner.call_hook('before_train')
        self.runner.call_hook('before_train_epoch')
        self._decide_current_val_interval()
        if self._iter > 0:
            # Checkpoints are saved before the validation of their iteration, which a killed process may have missed.
            self._validate_if_due()
        while self._iter < self._max_iters and not self.stop_training:
            self.runner.model.train()
            if self.budget is None:
                self.run_iter(next(self.dataloader_iterator))
            else:
                self._run_timed_iter()
            self._decide_current_val_interval()
            self._validate_if_due()
        self.runner.call_hook('after_train_epoch')
        self.runner.call_hook('after_train')
        return self.runner.model

    def _resume_budget(self) -> None:
        """Continue the time of the resumed training."""
        info = self.runner.message_hub.runtime_info
        self.budget.start(info.get(SECONDS, 0.0), info.get(POSITION, 0))
        # What is left after the last iteration was kept for the validation at the end.
        is_spent = of_main_process(self.budget.left <= 0 or self.budget.seconds <= info.get(SPENT_BUDGET, 0.0))
        # A first estimate; a spent budget leaves nothing to train.
        self._max_iters = self._iter if is_spent else self._iter + self.budget.planned
        self._validations_due = self.budget.position // self.val_interval

    def _run_timed_iter(self) -> None:
        """Run an iteration; decide before it whether it is the last, so that hooks save and log at its end."""
        left = of_main_process(1 if self.budget.is_last else self.budget.expected_iterations)
        self._max_iters = self._iter + left
        if left == 1:
            self.runner.message_hub.update_info(SPENT_BUDGET, self.budget.seconds)
        before = self.budget.spent
        self.run_iter(next(self.dataloader_iterator))
        self.budget.add_iteration(self.budget.spent - before)

    def _is_validation_due(self) -> bool:
        """Whether the interval or the end of the training requires a validation."""
        if self.runner.val_loop is None or self._iter < self.val_begin:
            return False
        if self.budget is None:
            return self._iter % self.val_interval == 0 or self._iter == self._max_iters
        if self._iter == self._max_iters:
            if self.budget.allows_last_validation():
                return True
            print_log('No time left for the last validation.', logger='current', level=logging.WARNING)
            return False
        number = self.budget.position // self.val_interval
        if number == self._validations_due and not self.budget.needs_measuring:
            return False
        self._validations_due = number
        return self.budget.allows_validation()

    def _validate_if_due(self) -> None:
        """Validate if due, unless the checkpoint records that it was done."""
        due = self._is_validation_due()
        if not (due if self.budget is None else of_main_process(due)):
            return
        hub = self.runner.message_hub
        if hub.runtime_info.get('last_validation') == self._iter:
            return
        # Set before: a checkpoint saved during validation is saved after the measuring.
        hub.update_info('last_validation', self._iter)
        before = self.budget and self.budget.spent
        _share_buffers(self.runner.model)
        with self.resume_state.pause():
            self.runner.val_loop.run()
        if self.budget is not None:
            self.budget.add_validation(self.budget.spent - before)

    def _start_data(self) -> Any:
        """Return an iterator over the batches from the current iteration on."""
        if not self.resumable:
            return _InfiniteDataloaderIterator(self.dataloader)
        self._compare_with_checkpoint()
        # With ``diff_rank_seed`` the seed differs between processes; the order of the samples must not.
        self.dataloader.dataset.seed = of_main_process(self.runner.seed)
        self.dataloader.sampler.start = self._iter * self.dataloader.batch_size
        return iter(self.dataloader)

    def _compare_with_checkpoint(self) -> None:
        """Warn if the data differ from those of the checkpoint, and record the current ones."""
        now = dict(
            samples=len(self.dataloader.dataset),
            batch_size=self.dataloader.batch_size,
            processes=self.dataloader.sampler.world_size,
        )
        hub = self.runner.message_hub
        before = hub.runtime_info.get('training_data')
        if self._iter > 0 and before not in (None, now):
            changes = ', '.join(f'{key} {before[key]} -> {now[key]}' for key in now if before.get(key) != now[key])
            print_log(
                f'The training data differ from those of the checkpoint ({changes}): training continues from iteration '
                f'{self._iter}, but not identically to an uninterrupted one.',
                logger='current',
                level=logging.WARNING,
            )
        hub.update_info('training_data', now)


def _share_buffers(model: nn.Module) -> None:
    """Copy the buffers of the main process, which checkpoints contain, to the others, which measure too.

    The statistics of batch normalisation differ, as each process sees other samples.
    """
    if is_model_wrapper(model):
        for buffer in model.module.buffers():
            broadcast(buffer)


def _as_stream(dataloader: dict) -> dict:
    """Return a dataloader config with its data set as a ``SampleStream``, if its sampler allows."""
    sampler = dataloader.get('sampler')
    if not isinstance(sampler, dict) or dataloader.get('batch_sampler') or dataloader.get('num_batch_per_epoch'):
        return dataloader
    kind = sampler.get('type')
    # A name, a name with its scope (mmengine.InfiniteSampler), or the class.
    if (kind.rpartition('.')[2] if isinstance(kind, str) else getattr(kind, '__name__', None)) not in SHUFFLING:
        return dataloader
    dataset = dataloader['dataset']
    if isinstance(dataset, dict):
        dataset = DATASETS.build(dataset)
        if hasattr(dataset, 'full_init'):
            dataset.full_init()
    collate = dataloader.get('collate_fn') or {}
    whole_batches = isinstance(collate, dict) and collate.get('type') == 'whole_batch'
    stream = SampleStream(dataset, sampler.get('shuffle', True), whole_batches)
    rank, world_size = get_dist_info()
    return {**dataloader, 'dataset': stream, 'sampler': PositionSampler(stream, rank, world_size)}
