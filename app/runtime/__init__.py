"""The ground floor: what every room stands on, and nobody below."""
