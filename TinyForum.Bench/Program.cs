using System.CommandLine;
using TinyForum.Bench;

return await new RootCommand("Measurements of TinyForum")
{
    Argon2Bench.Command(),
    ServerCommand.Command(),
    LoadClient.Command(),
}.Parse(args).InvokeAsync();
