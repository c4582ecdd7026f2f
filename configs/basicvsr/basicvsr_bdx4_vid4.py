# BasicVSR on Vid4 made by blur and decimation, on MMagic's grid: vsr prepare vid4 SRC DATA_ROOT --bd mmagic. For
# measuring the released weights (pretrained:basicvsr-bd); DUF's grid is 1.5 pixels apart, where they give 17 dB.
_base_ = ['basicvsr_1xb4-300k_clips.py', '../_base_/datasets/vid4_bdx4.py']

test_dataloader = [_base_.vid4_bdx4_sequence_dataloader]
test_evaluator = [_base_.vid4_bdx4_evaluator]
