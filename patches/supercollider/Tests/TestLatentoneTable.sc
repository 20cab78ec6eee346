// Against a server that answers as the table of addresses says and plays nothing, at the port in LATENTONE_TABLE_PORT.
TestLatentoneTable : UnitTest {
	var latentone;

	setUp {
		var up = Condition.new;
		latentone = Latentone(\table, NetAddr("127.0.0.1", "LATENTONE_TABLE_PORT".getenv.asInteger));
		latentone.connect({ up.unhang }, { up.unhang });
		up.hang;
	}

	tearDown { latentone.sync; latentone.remove }

	test_connect_learns_the_model {
		this.assertEquals(latentone.knobs.collect(_[\name]), [\pitch, \brightness, \z2, \z3], "the knobs' names");
		this.assertEquals(latentone.knobs[1][\home], 0.25, "their resting places");
		this.assertEquals(latentone.voiceCount, 4, "how many voices there are");
	}

	test_knobs {
		latentone.latent_(0, 0.5).latent_(\pitch, 0.5).latents_([0, 0.1]);
		latentone.latentNorm_(\brightness, 0.5).latentsNorm_([0.5, 1]).latentAdd(1, 0.1).latentsAdd([0.1, -0.1]);
		latentone.glideTo([0, 1], 2).slerpTo([0, 1], 2).splineTo([[0, 1, 0, 0], [1, 0, 1, 1]], 3);
		latentone.set(\pitch, 0.1, 1.0, 0.2, \gain, -6, \temperature, 0.5, \glide, 0.1, \latents, [1, 1]);
		latentone.glideBeats_(0.5).glide_(0.1).glideCurve_(\linear).gain_(-3).temperature_(0.7).tempo_(2).transport_(true);
		latentone.envelope_(Env.adsr(0.01, 0.2, 0.5, 0.3)).envelope_([0.01, 0.1, 1, 0.2]);
		latentone.motion.lfo(\pitch, 0.5, 0.3, \triangle, \beat);
		latentone.motion.walk(1, 0.5, 0.3);
		latentone.motion.stop(0);
		latentone.motion.stop;
		latentone.panic.clearSched;
		this.assert(latentone.sync.notNil, "the server hears all of it");
	}

	test_voice {
		var voice = latentone.voice(1);
		voice.latent_(\pitch, 0.5).latents_([0, 0.1]).latentNorm_(1, 0.5).latentsNorm_([0.5, 1]).latentAdd(0, 0.1).latentsAdd([0.1]);
		voice.gain_(-6).pan_(0.5).temperature_(0.5).gate_(1);
		voice.set(\pitch, 0.1, \pan, 0, \gain, 0, \temperature, 1, \latents, [1]);
		voice.free;
		this.assertEquals(voice.isPlaying, false, "a freed voice is free");
	}

	test_play_takes_the_next_free_voice {
		var first = latentone.play([\pitch, 0.2]), second = latentone.play;
		this.assertEquals([first.index, second.index], [0, 1], "one after another");
		first.release;
		this.assertEquals(latentone.play.index, 0, "a released one may be played again");
	}

	test_presets {
		latentone.presets.store(\dawn).wait;
		latentone.presets.recall(\dawn);
		latentone.presets.recall(\dawn, 2);
		latentone.presets.slerp(\dawn, 1);
		latentone.presets.path([\dawn, \dusk], 4);
		latentone.presets.morph(0.5, \dawn, \dusk);
		latentone.presets.morph4(0.5, 0.2, \a, \b, \c, \d);
		latentone.presets.delete(\dusk).wait;
		this.assertEquals(latentone.presets.list.wait, [\dawn, \dusk], "presets are listed");
	}

	test_models {
		this.assertEquals(latentone.models.list.wait, [\voice, \choir], "models are listed");
		this.assertEquals(latentone.models.info.wait[\runtime], 'fused on one core', "the one that plays is described");
		this.assert(latentone.models.load(\choir).wait.notNil, "another is loaded");
	}

	test_maps {
		var learned, row;
		latentone.maps.learn('/latent/3', -1, 1, { |source, target| learned = [source, target] });
		latentone.maps.cancel.wait;
		this.assertEquals(learned, ['cc 21', '/latent/3'], "what was learned is told");
		latentone.maps.add("cc 20", '/latent/0', -1, 1, \linear).wait;
		row = latentone.maps.list.wait[0];
		this.assertEquals(row[\source], 'cc 20', "mappings are listed");
		latentone.maps.remove("cc 20").wait;
		this.assert(latentone.maps.save.wait.notNil, "and saved");
	}

	test_recording {
		this.assertEquals(latentone.record("take").wait, ['take.wav'], "a recording begins");
		this.assertEquals(latentone.stopRecording.wait, ['take.wav', 1.5], "and ends");
	}

	test_sources {
		var source = latentone.source(\sweep);
		this.assertEquals(latentone.sources.wait, [\sweep, \digits], "scores and data sets are listed");
		source.play.wait;
		source.rate_(2).loop_(true);
		this.assert(source.stop.wait.notNil, "played and ended");
		source.seek(2.5).index_(3).row([0.5, 0.25]).frame([0.5, 0.25]).dwell_(0.5).glide_(0.1);
		this.assert(source.order('-label').wait.notNil, "played in another order");
		this.assert(source.couple(\quantile).wait.notNil, "and coupled in another way");
	}

	test_notices {
		var heard;
		latentone.on('/late', { |address, seconds| heard = [address, seconds] });
		latentone.notify_(true).wait;
		latentone.sync;
		this.assertEquals(heard, ['/latent', 0.25], "what the server tells unasked is heard");
		latentone.off('/late');
		latentone.notify_(false).wait;
	}

	test_help {
		this.assertEquals(latentone.help('/panic', {}).wait[0][0], '/panic', "an address is explained");
		this.assertEquals(latentone.status.wait[\loadPeak], 0.75, "the status has names");
	}

	test_pattern_of_places_and_presets {
		var player = Pbind(
			\type, \latentone, \latentone, latentone, \voice, [0, 1], \latents, Pseq([[0.1, 0.2], [0.3, 0.4]]),
			\pitch, 0.7, \gain, [-3, -6], \pan, [-1, 1], \temperature, 0.5, \amp, 0.8, \glide, 0.01, \preset, \dawn, \over, 0.1,
			\dur, 0.1
		).play;
		0.5.wait;
		this.assert(player.isPlaying.not, "it came to its end");
	}

	test_pattern_leaves_alone_what_it_does_not_name {
		var player = Pbind(\type, \latentone, \latentone, latentone, \voice, 3, \z0, Pseq([0.25]), \dur, 0.1).play;
		0.5.wait;
		this.assert(player.isPlaying.not, "it came to its end");
	}

	test_quit {
		latentone.quit.wait;
		this.assert(latentone.isRunning.not, "a server that has ended is not running");
	}
}
