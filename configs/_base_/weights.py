# Released weights that upstream's configs download. Nothing is downloaded here: a file that lies in VSR_WEIGHTS_ROOT
# (default: ./weights) is used, one that does not is done without, which the dumped config shows as None.
_base_ = []  # without it mmengine takes a file that imports anything for one of its other kind
from pathlib import Path

weights_root = '{{$VSR_WEIGHTS_ROOT:weights}}'
weights = {
    name: f'{weights_root}/{file}' if Path(weights_root, file).is_file() else None
    for name, file in dict(
        spynet='spynet_20210409-c6c1bd09.pth',
        edvrm='edvrm_reds_20210413-3867262f.pth',
        edvrm_wotsa='edvrm_wotsa_x4_8x4_600k_reds_20200522-0570e567.pth',
        edvrl_wotsa='edvrl_wotsa_c128b40_8x8_lr2e-4_600k_reds4_20211228-d895a769.pth',
        msrresnet='msrresnet_x4c64b16_1x16_300k_div2k_20200521-61556be5.pth',
        rrdbnet='esrgan_psnr_x4c64b23g32_1x16_1000k_div2k_20200420-bf5c993c.pth',
        basicvsr='basicvsr_reds4_20120409-0e599677.pth',
        cain='cain_b5_g1b32_vimeo90k_triplet_20220530-3520b00c.pth',
        flavr='flavr_in4out1_g8b4_vimeo90k_septuplet_20220509-c2468995.pth',
        tdan='tdan_x4_1xb16-lr1e-4-400k_vimeo90k-bi.pth',
    ).items()
}
# The perceptual loss takes VGG from torchvision, which looks for it in its own cache: put vgg19-dcbb9e9d.pth there.
# Without the file the loss is off, since features of random weights measure nothing.
vgg19 = '{{$TORCH_HOME:~/.cache/torch}}/hub/checkpoints/vgg19-dcbb9e9d.pth'
has_vgg19 = Path(vgg19).expanduser().is_file()
del Path
