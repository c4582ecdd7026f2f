# The test sets that `vsr table --data NAME ...` knows. Any config is measured on them: how its network is fed (whole
# clips, windows, single frames) is taken from its own test set, and only the data are exchanged.
_base_ = [
    'datasets/vid4_bix4.py',
    'datasets/vid4_bdx4.py',
    'datasets/spmcs_bix4.py',
    'datasets/set5_bix4.py',
    'datasets/held_out.py',
]

test_sets = {
    'Vid4-BIx4': [dict(dataset=_base_.vid4_bix4_dataset, evaluator=_base_.vid4_bix4_evaluator)],
    'Vid4-BDx4': [dict(dataset=_base_.vid4_bdx4_dataset, evaluator=_base_.vid4_bdx4_evaluator)],
    'SPMCS-BIx4': [dict(dataset=_base_.spmcs_bix4_dataset, evaluator=_base_.spmcs_bix4_evaluator)],
    'Set5-BIx4': [dict(dataset=_base_.set5_bix4_dataset, evaluator=_base_.set5_bix4_evaluator)],
    'held-out-BIx4': [
        dict(dataset=_base_.held_out_4_dataset, evaluator=_base_.held_out_4_evaluator),
        dict(dataset=_base_.held_out_10_dataset, evaluator=_base_.held_out_10_evaluator),
    ],
}
