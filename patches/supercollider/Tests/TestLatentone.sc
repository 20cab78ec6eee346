// Against a server that plays a model of at least four voices and of knobs z0, z1 …, at the port in LATENTONE_PORT.
TestLatentone : UnitTest {
	var latentone;

	setUp {
		var up = Condition.new;
		latentone = Latentone(\test, NetAddr("127.0.0.1", ("LATENTONE_PORT".getenv ? 9001).asInteger));
		latentone.connect({ up.unhang }, { up.unhang });
		up.hang;
		latentone.panic;
		latentone.sync;
	}

	tearDown { latentone.remove }

	// `/status` until it tells so, at most 5 s long.
	prVoicesBecome { |count, what|
		var playing;
		50.do {
			if(playing != count) { playing = latentone.status.wait[\voices]; if(playing != count) { 0.1.wait } };
		};
		this.assertEquals(playing, count, what);
	}

	test_connect {
		this.assert(latentone.isRunning, "is running once it has answered");
		this.assertEquals(latentone.version.wait[0], \latentone, "the program says who it is");
	}

	test_connect_where_nobody_is {
		var other = Latentone(\nobody, NetAddr("127.0.0.1", 9)), failed = Condition.new;
		other.connect({ failed.unhang }, { failed.test = true; failed.signal }, 0.3);
		failed.wait;
		this.assert(other.isRunning.not, "is not running where nobody answers");
		other.remove;
	}

	test_status {
		var status = latentone.status.wait;
		this.assert(status[\latents] > 0, "the status tells how many knobs there are");
		this.assert(status[\latencyMs] > 0, "and the latency");
	}

	test_sync {
		this.assertEquals(latentone.sync.size, 1, "sync comes back with its number");
	}

	test_voices {
		var first, second;
		this.prVoicesBecome(1, "voice 0 plays from the start");
		first = latentone.voice(1).play([0, 0.5, \gain, -6, \pan, -0.5]);
		second = latentone.voice(2).play;
		this.prVoicesBecome(3, "a voice that plays is heard");
		this.assert(first.isPlaying, "and knows it");
		first.release;
		second.free;
		this.prVoicesBecome(1, "voices that were released or freed are not");
		second.gate = 1;
		this.prVoicesBecome(2, "one that was freed plays again, at its gain");
		latentone.freeAll;
		this.prVoicesBecome(0, "all voices are freed at once");
	}

	test_cmdPeriod {
		latentone.voice(3).play;
		this.prVoicesBecome(2, "two play");
		Latentone.cmdPeriod;
		this.prVoicesBecome(0, "Cmd-period frees all voices, as it does all nodes");
	}

	test_makeBundle {
		var msgs = latentone.makeBundle(false, { latentone.latents = [0.1, 0.2]; latentone.voice(1).pan = 1 });
		this.assertEquals(msgs, [['/latent', 0.1, 0.2], ["/voice/1/pan", 1]], "a bundle is made and not sent");
		latentone.bind { latentone.voice(1).gate = 1 };
		this.prVoicesBecome(2, "a bundle takes effect when its time has come");
	}

	test_presets {
		var names;
		latentone.latents = [0.5, -0.5];
		latentone.presets.store(\dawn).wait;
		names = latentone.presets.list.wait;
		this.assert(names.includes(\dawn), "a stored preset is listed");
		latentone.presets.recall(\dawn, 0.1);
		latentone.presets.delete(\dawn).wait;
		this.assert(latentone.presets.list.wait.includes(\dawn).not, "a deleted one is not");
	}

	test_failure {
		var why, request = latentone.presets.delete(\nowhere, nil, { |said| why = said });
		this.assertEquals(request.wait, nil, "what cannot be done has no answer");
		this.assert(why.asString.contains("nowhere"), "and the server says why");
	}

	test_pattern {
		var player = Pbind(
			\type, \latentone, \latentone, latentone, \voice, Pseq([1, 2, 3]), \z0, 0.5, \dur, 0.1, \legato, 40
		).play;
		this.prVoicesBecome(4, "a pattern starts a voice a note");
		player.stop;
		this.prVoicesBecome(1, "and each is released when its time is over");
	}
}
