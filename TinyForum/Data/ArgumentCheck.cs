using System.Runtime.CompilerServices;

namespace TinyForum.Data;

/// <summary>What a program can get wrong in a call, as far as the framework has no helper of its own for it.</summary>
internal static class ArgumentCheck
{
    /// <exception cref="ArgumentOutOfRangeException">It is none of the values of its type.</exception>
    public static void ThrowIfUndefined<T>(T value, [CallerArgumentExpression(nameof(value))] string? name = null) where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
            throw new ArgumentOutOfRangeException(name, value, $"It must be one of {string.Join(", ", Enum.GetNames<T>())}.");
    }

    /// <exception cref="ArgumentException">One of them is <see langword="null"/>.</exception>
    public static void ThrowIfAnyNull<T>(IReadOnlyList<T?>? items, [CallerArgumentExpression(nameof(items))] string? name = null) where T : class
    {
        if (items?.Contains(null) == true)
            throw new ArgumentException("None of them may be null.", name);
    }
}
