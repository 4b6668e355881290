using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace TinyForum.Tests.Support;

/// <summary>What the server let fall: exceptions of tasks that nobody looked at. (An unhandled one ends the test run by itself.)</summary>
[TestClass]
public static partial class Unobserved
{
    private static readonly ConcurrentQueue<Exception> Seen = new();

    [AssemblyInitialize]
    public static void Watch(TestContext _) => TaskScheduler.UnobservedTaskException += (_, e) =>
    {
        if (OfTheServer().IsMatch(e.Exception.ToString()) && !OfTheListenerAlone().IsMatch(e.Exception.ToString()))
            Seen.Enqueue(e.Exception);
    };

    [AssemblyCleanup]
    public static void AssertNone() => Assert.IsEmpty(Exceptions(), string.Join("\n\n", Exceptions()));

    /// <summary>Those of the server so far, of whichever test.</summary>
    public static IReadOnlyCollection<Exception> Exceptions()
    {
        // They are noticed when the task is collected.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Seen;
    }

    [GeneratedRegex(@"at TinyForum\.(?!Tests)|at System\.Net\.Http(Listener|Connection|RequestStream|ResponseStream)")]
    private static partial Regex OfTheServer();

    // HttpListener answers a malformed request by itself, and lets fall what happens if the connection ends meanwhile.
    [GeneratedRegex(@"ObjectDisposedException[\s\S]*at System\.Net\.HttpListenerResponse\.<>c\.<Close>")]
    private static partial Regex OfTheListenerAlone();
}
