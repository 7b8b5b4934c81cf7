"""What the doctor knows: phrases, known issues of tools, common values, probe signals, differences between presets."""
