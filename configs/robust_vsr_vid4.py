# RobustVSR with a bicubic skip in its branches, its last stage: the spatial alignment network and all branches,
# measured on Vid4. All stages:
#   vsr stages configs/robust_vsr/robust_vsr_{b1,b2,b3,stn_1xb16-2k,joint,final-stn}_*.py
_base_ = 'robust_vsr/robust_vsr_final-stn_1xb8-2k_clips.py'
