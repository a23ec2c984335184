"""One file per format or data set: a path in, a Recording or DissimilarityData out.

The data sets are not part of this project. The docstring of each reader names the public original,
its licence, and figures that correct use of it finds:

    images92           human and monkey IT, 92 images     github.com/rsagroup/rsatoolbox
    macaque_v4         macaque V4, natural images         github.com/cowleygroup/V4_compact_models
    mouse_multiarea    mouse, Neuropixels, a choice       figshare.com/articles/dataset/9598406
    mouse_sequences    mouse V1, trained sequences        github.com/jeffgavornik/Price_et_al
    mouse_unexpected   mouse V1, unexpected Gabors        github.com/colleenjg/OpenScope_CA_Analysis
    nwb                any NWB file; for these two        dandiarchive.org/dandiset/000037, 000021

`npz`, `mat`, `rds`, `tables` (of trials and spikes) and `labelled` (netCDF, xarray) read those
formats from anywhere.
"""
