"""Sound: clips of one length, and a log-mel spectrogram as the first layer of a net."""
