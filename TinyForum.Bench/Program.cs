using System.CommandLine;
using TinyForum.Bench;
using TinyForum.Storage;

SqliteLibrary.GiveEachConnectionToOneThread(); // as the program does
return await new RootCommand("Measurements of TinyForum")
{
    LoginsBench.Command(),
    MillionBench.Command(),
    StallsBench.Command(),
    AllBench.Command(),
    Settings.Command("reads", "Reading under load against a bare listener", ReadsBench.RunAsync),
    Settings.Command("callers", "Reading by many who are logged in, against a bare listener", CallersBench.RunAsync),
    Settings.Command("pages", "Pages for browsers against a bare listener, and their size", PagesBench.RunAsync),
    Settings.Command("writes", "Group commit against each write alone", WritesBench.RunAsync),
    Settings.Command("idle", "What idle connections cost", IdleBench.RunAsync),
    Settings.Command("bots", "What is seen of bots, and what they cost a moderator", BotsBench.RunAsync),
    Settings.Command("events", "What thousands of event streams cost, and how soon they tell", EventsBench.RunAsync),
    Settings.Command("start", "From start to first answer, and memory", StartBench.RunAsync),
    Settings.Command("allocations", "What a request leaves to the garbage collector", AllocationsBench.RunAsync),
    Settings.Command("cold", "What is not kept yet: after a write, and beside a thousand a second", ColdBench.RunAsync),
    Settings.Command("costs", "What reads and writes cost in the process", CostsBench.RunAsync),
    Settings.Command("bodies", "What checking a request's body costs", BodiesBench.RunAsync),
    ServerCommand.Command(),
    LoadClient.Command(),
}.Parse(args).InvokeAsync();
