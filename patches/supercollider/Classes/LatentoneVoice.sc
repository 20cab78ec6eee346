// One voice of a server: started, set and released as a Synth is.
LatentoneVoice {
	var <latentone, <index, <gain = 0, <isPlaying = false, isFreed = false, note = 0;

	*new { |latentone, index| ^super.newCopyArgs(latentone, index) }

	latent_ { |knob, value| latentone.sendMsg("/voice/%/latent/%".format(index, Latentone.knob(knob)), value) }
	latents_ { |values| latentone.sendMsg("/voice/%/latent".format(index), *values) }
	latentNorm_ { |knob, value| latentone.sendMsg("/voice/%/latent_norm/%".format(index, Latentone.knob(knob)), value) }
	latentsNorm_ { |values| latentone.sendMsg("/voice/%/latent_norm".format(index), *values) }
	latentAdd { |knob, step| latentone.sendMsg("/voice/%/latent_add/%".format(index, Latentone.knob(knob)), step) }
	latentsAdd { |steps| latentone.sendMsg("/voice/%/latent_add".format(index), *steps) }
	pan_ { |pan| latentone.sendMsg("/voice/%/pan".format(index), pan) }
	temperature_ { |value| latentone.sendMsg("/voice/%/temperature".format(index), value) }

	gain_ { |db|
		gain = db;
		if(isFreed.not) { latentone.sendMsg("/voice/%/gain_db".format(index), db) }
	}

	// How far the gate is open: 1 is full, 0 lets the voice fade as the envelope says.
	gate_ { |level = 1|
		isPlaying = level > 0;
		if(isPlaying) {
			note = note + 1;
			if(isFreed) { isFreed = false; this.gain = gain };
		};
		latentone.sendMsg("/voice/%/gate".format(index), level)
	}

	set { |... pairs|
		latentone.makeBundle(nil, { pairs.pairsDo { |key, value| this.prSet(key, value) } })
	}

	play { |args|
		latentone.makeBundle(nil, {
			args.pairsDo { |key, value| this.prSet(key, value) };
			if(isPlaying.not) { this.gate = 1 };
		})
	}

	release { this.gate = 0 }

	// Silent at once, whatever the envelope says.
	free {
		latentone.makeBundle(nil, {
			this.gate = 0;
			latentone.sendMsg("/voice/%/gain_db".format(index), -90);
		});
		isFreed = true;
	}

	printOn { |stream| stream << "LatentoneVoice(" << index << ")" }

	prSet { |key, value|
		switch(key,
			\gain, { this.gain = value },
			\pan, { this.pan = value },
			\temperature, { this.temperature = value },
			\gate, { this.gate = value },
			\latents, { this.latents = value },
			{ this.latent_(key, value) }
		)
	}

	// The number of the note that sounds, so that the end of an earlier one does not cut it.
	prNote { ^note }

	prFreed { isPlaying = false }
}
