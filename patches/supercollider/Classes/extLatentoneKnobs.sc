// The knobs, and the sound, of all voices at once.
+ Latentone {
	latent_ { |knob, value| this.sendMsg("/latent/%".format(this.class.knob(knob)), value) }
	latents_ { |values| this.sendMsg('/latent', *values) }
	latentNorm_ { |knob, value| this.sendMsg("/latent_norm/%".format(this.class.knob(knob)), value) }
	latentsNorm_ { |values| this.sendMsg('/latent_norm', *values) }
	latentAdd { |knob, step| this.sendMsg("/latent_add/%".format(this.class.knob(knob)), step) }
	latentsAdd { |steps| this.sendMsg('/latent_add', *steps) }

	// Slow ways through the latent space; a knob that is touched leaves them.
	glideTo { |values, over = 1| this.sendMsg('/glide_to', over, *values) }
	slerpTo { |values, over = 1| this.sendMsg('/slerp_to', over, *values) }
	splineTo { |places, over = 1| this.sendMsg('/spline_to', over, *places.flatten) }

	glide_ { |seconds| this.sendMsg('/glide_s', seconds) }
	glideBeats_ { |beats| this.sendMsg('/glide_beats', beats) }
	glideCurve_ { |curve = \damped| this.sendMsg('/glide_curve', curve) }
	gain_ { |db| this.sendMsg('/gain_db', db) }
	temperature_ { |value| this.sendMsg('/temperature', value) }
	tempo_ { |beatsPerSecond| this.sendMsg('/tempo_bpm', beatsPerSecond * 60) }
	transport_ { |runs = true| this.sendMsg('/transport', runs.binaryValue) }

	// How gates open and close; an Env.adsr says it, too.
	envelope_ { |env|
		var attack, decay, sustain, release;
		#attack, decay, sustain, release = if(env.isKindOf(Env)) {
			env.times[0..1] ++ env.levels[2] ++ env.times[2]
		} { env };
		this.sendMsg('/envelope', attack, decay, sustain, release)
	}

	// As Node.set: knobs by index or name, gain, temperature and glide, on one sample.
	set { |... pairs|
		this.makeBundle(nil, { pairs.pairsDo { |key, value| this.prSet(key, value) } })
	}

	prSet { |key, value|
		switch(key,
			\gain, { this.gain = value },
			\temperature, { this.temperature = value },
			\glide, { this.glide = value },
			\latents, { this.latents = value },
			{ this.latent_(key, value) }
		)
	}
}
