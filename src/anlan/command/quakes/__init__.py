"""Earthquakes: which are judged by themselves, what stations and people said of them, what a catalogue tells."""
