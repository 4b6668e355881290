using System.CommandLine;
using TinyForum.Bench;

return new RootCommand("Measurements of TinyForum") { Argon2Bench.Command(), MillionBench.Command() }.Parse(args).Invoke();
