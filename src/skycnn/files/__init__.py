"""Files of any kind: replaced whole or not at all, locked, resumed, held on the disk where memory is short."""
