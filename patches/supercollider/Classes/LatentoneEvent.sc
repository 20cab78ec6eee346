// The event type \latentone: patterns play voices, each note a bundle whose time tag names its sample.
LatentoneEvent {
	*initClass {
		Class.initClassTree(Event);
		Event.addEventType(\latentone, { LatentoneEvent.play(currentEnvironment) });
	}

	// Within the event, as event types are played.
	*play { |event|
		var latentone = ~latentone ?? { Latentone.default };
		var latency = (~latency ? latentone.latency) !? (_ + (~lag ? 0));
		var offset = ~timingOffset ? 0, sustain = ~sustain.value;
		var notes = this.notes(event, latentone), shared = this.shared(event);
		thisThread.clock.sched(offset, {
			var voices = notes.collect { |note| latentone.voice(note[1]) };
			var msgs = latentone.makeBundle(false, { notes.do { |note, i| this.prStart(voices[i], note) } });
			var numbers = voices.collect(_.prNote);
			latentone.sendBundle(latency, *(shared ++ msgs));
			if(event[\sendGate] != false and: { sustain < inf }) {
				thisThread.clock.sched(sustain) {
					var over = voices.select { |voice, i| voice.prNote == numbers[i] };
					if(over.notEmpty) {
						latentone.sendBundle(latency, *latentone.makeBundle(false, { over.do(_.release) }))
					};
					nil
				}
			};
			nil
		});
	}

	// Of each note its settings in pairs, voice and level first. Arrays play several voices, as they do several nodes in
	// other events; a place in the latent space is one value.
	*notes { |event, latentone|
		var pairs = [\voice, event[\voice] ? 0, \level, this.own(event, \amp) ? 1];
		var places = event[\latents].value;
		if(places.notNil) { pairs = pairs ++ [\latents, if(places[0].isArray) { places } { [places] }] };
		// The event's own only: a pan of 0 in the default event is not asked for.
		#[gain, pan, temperature].do { |key| this.own(event, key) !? { |value| pairs = pairs ++ [key, value] } };
		this.knobKeys(event, latentone).keysValuesDo { |key, knob| pairs = pairs ++ [knob, event[key].value] };
		^pairs.flop
	}

	// `includesKey` would look into the default event, too.
	*own { |event, key| ^if(event.keys.includes(key)) { event[key].value } }

	// \z0, \z1 … are knobs by index; others by the names that the model gives them.
	*knobKeys { |event, latentone|
		var found = IdentityDictionary.new, names = latentone.knobs.collect(_[\name]);
		event.keysDo { |key|
			var text = key.asString;
			if(text[0] == $z and: { text.size > 1 } and: { text.drop(1).every(_.isDecDigit) }) {
				found[key] = text.drop(1).asInteger
			} {
				if(names.includes(key)) { found[key] = key }
			}
		};
		^found
	}

	// What is for all voices: first, so that the notes glide as it says.
	*shared { |event|
		var msgs = [];
		event[\glide] !? { |value| msgs = msgs.add(['/glide_s', value.value]) };
		event[\preset] !? { |name| msgs = msgs.add(['/preset/recall', name.value] ++ event[\over].value) };
		^msgs
	}

	*prStart { |voice, note|
		note.drop(4).pairsDo { |key, value| voice.prSet(key, value) };
		voice.gate = note[3];
	}
}
