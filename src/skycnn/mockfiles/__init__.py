"""Where what is simulated meets files: a block's values by column, the files of a scene, frames behind stamps."""
