# RobustVSR with three branches on Y, 124,256 parameters, and the aligners that can stand before it. In a config:
#     model = dict(generator=dict(network=_base_.robust_vsr.network, aligner=_base_.robust_vsr.aligners.rectified))
# The bicubic skip of the branches is not the paper's; a training of hours instead of weeks gains from it. The paper's
# network is robust_vsr_paper.
robust_vsr_flow = dict(type='DISFlow', preset='ultrafast')
robust_vsr_branch = dict(type='ESPCNNet', global_residual=True)
robust_vsr = dict(
    network=dict(type='TemporalAdaptiveNet', num_branches=3, branch=robust_vsr_branch, scale=4, color='y'),
    # The branch of one frame is ESPCN itself.
    branches=dict(
        of_three=dict(type='TemporalBranchNet', num_frames=3, branch=robust_vsr_branch, scale=4, color='y'),
        of_five=dict(type='TemporalBranchNet', num_frames=5, branch=robust_vsr_branch, scale=4, color='y'),
    ),
    aligners=dict(
        rectified=dict(type='RectifiedFlowAlignment', flow=robust_vsr_flow, patch_size=36, keep_size=30),
        flow=dict(type='FlowWarpAlignment', flow=robust_vsr_flow),
        spynet=dict(type='FlowWarpAlignment', flow=dict(type='SPyNetFlow', frozen=True)),
        stn=dict(type='SpatialAlignmentNet', color='y', patch_size=36, keep_size=30),
        # TDAN's, which returns frames.
        deformable=dict(type='DeformableAlignment'),
    ),
)
# A spatial alignment network is trained beside the restoration, towards the motion that optical flow finds.
robust_vsr_alignment_loss = dict(type='RobustVSR', align_weight=0.01, label_flow=robust_vsr_flow)
robust_vsr_paper_branch = dict(type='ESPCNNet')
robust_vsr_paper = dict(
    network=dict(robust_vsr['network'], branch=robust_vsr_paper_branch),
    branches=dict(
        of_three=dict(robust_vsr['branches']['of_three'], branch=robust_vsr_paper_branch),
        of_five=dict(robust_vsr['branches']['of_five'], branch=robust_vsr_paper_branch),
    ),
)

model = dict(
    type='BaseEditModel',
    generator=dict(type='AlignedNet', network=robust_vsr['network'], aligner=robust_vsr['aligners']['rectified']),
    # On Y alone: what is left of the error on RGB is that of the interpolated chroma.
    pixel_loss=dict(type='LumaLoss', loss=dict(type='MSELoss', loss_weight=1.0, reduction='mean')),
    train_cfg=dict(),
    test_cfg=dict(),
    # Without views: upstream's usual (1, -1, 1, 1) gives a ground truth of one frame a fifth dimension, and the loss
    # then compares every output with every ground truth of the batch.
    data_preprocessor=dict(type='DataPreprocessor', mean=[0.0, 0.0, 0.0], std=[255.0, 255.0, 255.0]),
)
