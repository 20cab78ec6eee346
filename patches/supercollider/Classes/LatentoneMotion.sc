// Motions that the server makes by itself; a knob that is touched leaves its own.
LatentoneMotion {
	var latentone;

	*new { |latentone| ^super.newCopyArgs(latentone) }

	// `rate` is in Hz; per: \beat counts beats.
	lfo { |knob, rate = 1, depth = 0.5, shape = \sine, per = \second|
		latentone.sendMsg("/motion/lfo/%".format(Latentone.knob(knob)), rate, depth, shape, per)
	}

	walk { |knob, rate = 1, depth = 0.5, per = \second|
		latentone.sendMsg("/motion/walk/%".format(Latentone.knob(knob)), rate, depth, per)
	}

	// Of one knob, or of all.
	stop { |knob|
		if(knob.isNil) { latentone.sendMsg('/motion/stop') } {
			latentone.sendMsg("/motion/stop/%".format(Latentone.knob(knob)))
		}
	}
}
