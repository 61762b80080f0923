"""Pure Python helpers: no ORM, no database, no clock."""
