using System.Globalization;
using FsCheck;

namespace TinyForum.Tests.Support;

/// <summary>Checks properties; <c>TINYFORUM_CASES=50 ./run.sh test</c> tries fifty times as many cases of each.</summary>
internal static class Properties
{
    private static readonly int Times = int.Parse(Environment.GetEnvironmentVariable("TINYFORUM_CASES") ?? "1", CultureInfo.InvariantCulture);

    public static void Holds(this Property property, int cases = 100, int size = 100) =>
        property.Check(Config.QuickThrowOnFailure.WithMaxTest(cases * Times).WithEndSize(size));
}
