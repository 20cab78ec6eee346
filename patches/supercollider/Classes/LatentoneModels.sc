// The models of a server: which there are, which one plays, and its knobs.
LatentoneModels {
	var latentone;

	*new { |latentone| ^super.newCopyArgs(latentone) }

	list { |action, onFail| ^latentone.ask(['/model/list'], action, onFail) }

	// Loaded aside and faded over to, which takes some seconds.
	load { |name, action, onFail, timeout = 120, runtime|
		^latentone.ask(['/model/load', name] ++ runtime, action, onFail, timeout)
	}

	info { |action, onFail|
		var keys = #[name, sampleRate, latents, channels, voices, runtime];
		^latentone.ask(['/model/info'], action, onFail, convert: { |values| Event.newFrom([keys, values].lace(2 * values.size)) })
	}

	// Of each attribute of a TorchScript model of others an Event: name, kinds and values.
	attributes { |action, onFail|
		^latentone.ask(['/model/attributes'], action, onFail, collects: true, convert: { |rows|
			rows.collect { |row| (name: row[0].asSymbol, kinds: row[1].asString.split($ ), values: row.drop(2)) }
		})
	}

	attribute { |name, values, action, onFail|
		^latentone.ask(['/model/attribute', name] ++ values, action, onFail)
	}

	// Of each knob an Event: index, name and home, its resting place.
	knobs { |action, onFail|
		^latentone.ask(['/model/knobs'], action, onFail, collects: true, convert: { |rows|
			rows.collect { |row| (index: row[0].asInteger, name: row[1].asSymbol, home: row[2]) }
		})
	}
}
