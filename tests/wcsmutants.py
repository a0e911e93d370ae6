"""Headers of images with one card gone wrong beside a sound -TAN: every card that wcslib knows, by every bad value."""

SOUND = {
    "NAXIS": 2, "NAXIS1": 200, "NAXIS2": 200, "CTYPE1": "'RA---TAN'", "CTYPE2": "'DEC--TAN'", "CRVAL1": 150.0,
    "CRVAL2": 2.0, "CRPIX1": 100.5, "CRPIX2": 100.5, "CD1_1": -5e-05, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 5e-05,
}  # fmt: skip

GROUPS = {
    "axes": "WCSAXES NAXIS3 CRPIX3 CRVAL3 CDELT3 CTYPE3 CUNIT3 CROTA3 CD3_3 PC3_3 CNAME1 CRDER1 CSYER1 CZPHS1 CPERI1",
    "place": "CRPIX1 CRPIX2 CD1_1 CD1_2 CD2_1 CD2_2 CD1_3 PC1_1 PC1_2 PC01_01 PC001001 CDELT1 CDELT2 CROTA1 CROTA2",
    "types": "CUNIT1 CUNIT2 CTYPE1 CTYPE2 CRVAL1 CRVAL2 LONPOLE LATPOLE RADESYS RADECSYS EPOCH EQUINOX WCSNAME",
    "parameters": "PV1_0 PV1_1 PV1_2 PV1_4 PV2_0 PV2_1 PV2_39 PV2_40 PV1_99 PV3_1 PROJP1 PS1_0 PS1_1 PS2_0 PS3_0",
    "spectra": "RESTFRQ RESTFREQ RESTWAV VELREF SPECSYS SSYSOBS VELOSYS ZSOURCE VSOURCE SSYSSRC VELANGL",
    "times": "TIMESYS TREFPOS TREFDIR PLEPHEM TIMEUNIT DATEREF MJDREF MJDREFI MJDREFF JDREF JDREFI JDREFF TIMEOFFS",
    "dates": "DATE DATE-OBS DATE-BEG DATE-AVG DATE-END MJD-OBS MJD-BEG MJD-AVG MJD-END JEPOCH BEPOCH TSTART TSTOP",
    "exposure": "XPOSURE TELAPSE TIMSYER TIMRDER TIMEDEL TIMEPIXR OBSORBIT",
    "observer": "OBSGEO-X OBSGEO-Y OBSGEO-Z OBSGEO-L OBSGEO-B OBSGEO-H RSUN_REF DSUN_OBS CRLN_OBS HGLN_OBS HGLT_OBS",
    "planets": "A_RADIUS B_RADIUS C_RADIUS BLON_OBS BLAT_OBS BDIS_OBS",
    "distortion": "CPDIS1 CPDIS2 CQDIS1 DP1 DP2 DQ1 CPERR1 CQERR1 DVERR D2IMDIS1 D2IMERR1 WAT0_001 WAT1_001 WAT2_001",
    "polynomial": "A_ORDER B_ORDER AP_ORDER BP_ORDER A_DMAX A_2_0 B_0_2 AP_1_0 BP_0_1 A_0_0",
    "plate": "CNPIX1 CNPIX2 PPO1 PPO3 PPO6 XPIXELSZ YPIXELSZ PLTRAH PLTRAM PLTRAS PLTDECSN PLTDECD PLTDECM PLTDECS",
    "plates": "PLATEID PLTSCALE AMDX1 AMDX2 AMDX3 AMDX13 AMDX20 AMDY1 AMDY2 AMDY3 AMDY13",
    "alternates": "CTYPE1A CRVAL1A CRPIX1A CD1_1A PV1_1A WCSNAMEA WCSAXESA CTYPE1Z CUNIT1B LONPOLEA EQUINOXA RADESYSA",
}

VALUES = {
    "text": "'abc'", "empty": "''", "none": "", "huge": "1E300", "below": "-1E300", "infinite": "1E999",
    "digits": "9" * 60, "NaN": "NaN", "NaN as text": "'NaN'", "percent": "'%s%n%n%n%s'", "long": f"'{'x' * 66}'",
    "logical": "T", "complex": "(1.0, 2.0)", "open": "'never closed", "quotes": "''''''''''", "number": "'1.5'",
    "table": "'RA---TAB'", "words": f"'wtype=tnx{'x' * 40} axtype=ra'", "record": "'NAXES: 99999999'",
    "unit": "'10**99999999 deg'", "lookup": "'LOOKUP'", "continued": None,
}  # fmt: skip
"""What stands behind the sign; None for a text over many cards."""


def text(name, value):
    """Return the cards of a sound header with one card of ``name`` replaced or added, joined."""
    cards = {keyword: [f"{keyword:8}= {content}"] for keyword, content in SOUND.items()}
    cards[name] = [f"{name:8}= {value}"]
    if value is None:
        cards[name] = [f"{name:8}= '{'y%s%n' * 12}&'", *["CONTINUE  '" + "y%s%n" * 12 + "&'"] * 40, "CONTINUE  'end'"]
    return "".join(card[:80].ljust(80) for group in cards.values() for card in group)
