// The live input of a server: how what the model's encoder hears moves the knobs.
LatentoneInput {
	var latentone;

	*new { |latentone| ^super.newCopyArgs(latentone) }

	mix_ { |mix| latentone.sendMsg('/input/mix', mix) }

	gain_ { |db| latentone.sendMsg('/input/gain_db', db) }

	// Of one knob, or of all.
	scale { |scale, knob| this.prSend("/input/scale", "/input/scale/%", knob, scale) }

	offset { |offset, knob| this.prSend("/input/offset", "/input/offset/%", knob, offset) }

	// \add, \replace or \off
	mode { |mode, knob| this.prSend("/input/mode", "/input/mode/%", knob, mode) }

	info { |action, onFail|
		var keys = #[source, model, levelDb, latencyMs, load, frames, starved, skipped];
		^latentone.ask(['/input/info'], action, onFail, convert: { |values| Event.newFrom([keys, values].lace(2 * values.size)) })
	}

	prSend { |ofAll, ofOne, knob, value|
		latentone.sendMsg(if(knob.isNil) { ofAll } { ofOne.format(Latentone.knob(knob)) }, value)
	}
}
