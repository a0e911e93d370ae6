"""Networks as such: numbers in, numbers out; knows no files of the sky and no task."""
