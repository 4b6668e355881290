return await TinyForum.CommandLine.CommandLineProgram.RunAsync(args);
