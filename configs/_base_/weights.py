# Released weights that upstream's configs download. Nothing is downloaded here, and no config looks at the disk: it
# names the file, in VSR_WEIGHTS_ROOT (default: ./weights), and a training that begins without the file says so. To
# train without, from random weights: --cfg-options custom_hooks=[]
weights_root = '{{$VSR_WEIGHTS_ROOT:weights}}'
weights = dict(
    edvrm=f'{weights_root}/edvrm_x4_8x4_600k_reds_20210625-e29b71b5.pth',
    # The feature extractor of EDVR-M alone, for IconVSR.
    edvrm_features=f'{weights_root}/edvrm_reds_20210413-3867262f.pth',
    edvrm_wotsa=f'{weights_root}/edvrm_wotsa_x4_8x4_600k_reds_20200522-0570e567.pth',
    edvrl_wotsa=f'{weights_root}/edvrl_wotsa_c128b40_8x8_lr2e-4_600k_reds4_20211228-d895a769.pth',
    msrresnet=f'{weights_root}/msrresnet_x4c64b16_1x16_300k_div2k_20200521-61556be5.pth',
    rrdbnet=f'{weights_root}/esrgan_psnr_x4c64b23g32_1x16_1000k_div2k_20200420-bf5c993c.pth',
    basicvsr=f'{weights_root}/basicvsr_reds4_20120409-0e599677.pth',
    cain=f'{weights_root}/cain_b5_g1b32_vimeo90k_triplet_20220530-3520b00c.pth',
    flavr=f'{weights_root}/flavr_in4out1_g8b4_vimeo90k_septuplet_20220509-c2468995.pth',
    tdan=f'{weights_root}/tdan_x4_1xb16-lr1e-4-400k_vimeo90k-bi.pth',
)
# The optical flow of BasicVSR and its kin, from VSR_WEIGHTS_ROOT or the package of the extra `basicvsr`. The file lacks
# the constants of SPyNet, which the network has of itself.
spynet_part = dict(checkpoint='pretrained:spynet', target='generator.spynet.', partial=True, unless_loaded=True)
