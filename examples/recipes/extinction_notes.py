"""ExtinctionNotes: what the models' cards say of Galactic extinction; extinction_state.py prints the evidence."""

SDSS = (
    "Taken as corrected for Galactic extinction: of 4,997 galaxies of MGS, which was cut at r = 17.77 corrected, 9 are "
    "fainter and none than 17.85, and g - r of its red sequence lies within 0.014 mag of redMaPPer's, which is "
    "corrected; magnitudes of BOSS, 0.1 to 0.2 mag redder than those of MGS at one redshift, do not tell."
)
COSMOS = (
    "Taken as corrected for Galactic extinction: the magnitudes are as measured, says IRSA, and E(B-V) = 0.02 in the "
    "field, which moves dz / (1 + z) by 0.0007."
)
CSST = "Mocks have no Galactic extinction."
