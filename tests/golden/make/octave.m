% Writes octave_dsp.mat and octave_images.mat into the current folder: inputs and outputs together.
% Run by octave.py. Inputs are whole numbers over 2^15, so that they are the same float64 everywhere.
% Left out on purpose, because Octave differs from MATLAB there: hanning, specgram, imresize where it
% shrinks by other than a power of two, resample, randperm, x .^ 3.
pkg load signal image

x = mod((1:1021) .^ 2 * 7919, 65536)' / 32768 - 1;
dsp.x = x;
dsp.window_lengths = [1 2 3 5 8 97 255 256 400 512];
for i = 1:numel(dsp.window_lengths)
  n = dsp.window_lengths(i);
  dsp.(sprintf('hamming_%d', n)) = hamming(n);
  dsp.(sprintf('hamming_periodic_%d', n)) = hamming(n, 'periodic');
  dsp.(sprintf('hann_%d', n)) = hann(n);
  dsp.(sprintf('hann_periodic_%d', n)) = hann(n, 'periodic');
end
dsp.buffer_cases = [1021 400 160; 1021 400 240; 1021 256 0; 1020 255 -3; 7 3 1; 5 8 3; 10 4 -2; 10 4 1; 1 4 0];
for i = 1:rows(dsp.buffer_cases)
  c = dsp.buffer_cases(i, :);
  dsp.(sprintf('buffer_%d', i)) = buffer(x(1:c(1)), c(2), c(3));
  if c(3) > 0
    dsp.(sprintf('buffer_nodelay_%d', i)) = buffer(x(1:c(1)), c(2), c(3), 'nodelay');
    dsp.(sprintf('buffer_initial_%d', i)) = buffer(x(1:c(1)), c(2), c(3), -(1:c(3))');
  end
end
dsp.preemphasis = filter([1 -0.97], 1, x);
dsp.fft_lengths = [1 2 3 4 5 8 31 37 97 100 256 400 401 509 512];
for i = 1:numel(dsp.fft_lengths)
  n = dsp.fft_lengths(i);
  z = x(1:n) + 1i * flipud(x(1:n));
  dsp.(sprintf('fft_%d', n)) = fft(z);
  dsp.(sprintf('ifft_%d', n)) = ifft(z);
end
dsp.version = version();
save('-v6', 'octave_dsp.mat', '-struct', 'dsp');

images.jet_lengths = [1 2 3 4 5 6 7 8 10 13 64 255 256];
for i = 1:numel(images.jet_lengths)
  m = images.jet_lengths(i);
  images.(sprintf('jet_%d', m)) = jet(m);
end
images.map_lengths = [1 2 3 4 5 8 13 64 256];
maps = {'gray', 'hot', 'cool', 'bone', 'copper', 'pink', 'hsv', 'spring', 'summer', 'autumn', 'winter'};
for k = 1:numel(maps)
  for i = 1:numel(images.map_lengths)
    m = images.map_lengths(i);
    images.(sprintf('%s_%d', maps{k}, m)) = feval(maps{k}, m);
  end
end
warning('off', 'all');  % ind2rgb warns that it clips
images.indices = [0 1 2; 255 256 257; 128 64 3];
images.rgb = ind2rgb(images.indices, jet(256));
images.numbers = [-2.5 -1.5 -0.5 -0.4 0 0.4 0.49999999999999994 0.5 1.5 2.5 254.5 127.49999999999999];
images.rounded = round(images.numbers);
images.shades = [-0.2 0 0.1 0.5 127.5/255 0.999 1 1.7];
images.bytes = uint8(255 * min(max(images.shades, 0), 1));
images.photo = reshape(x(1:273), 13, 21);
images.resize_sizes = [50 64; 13 64; 40 21; 27 43];
for i = 1:rows(images.resize_sizes)
  images.(sprintf('resize_%d', i)) = imresize(images.photo, images.resize_sizes(i, :), 'bicubic');
end
images.version = version();
save('-v6', 'octave_images.mat', '-struct', 'images');
